import words from "../words/en.json?later";

export default words;
