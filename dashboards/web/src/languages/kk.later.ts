import words from "../words/kk.json?later";

export default words;
