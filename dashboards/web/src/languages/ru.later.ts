import words from "../words/ru.json?later";

export default words;
