import { render } from "preact";
import "./base.css";
import { startAccount } from "./account";
import { route, startAddress } from "./address";
import { App } from "./app";
import { chosenLanguage, languageShown, showLanguage } from "./language";
import { startTheme } from "./theme";

startTheme();
startAddress();
// Who sets the first account up is not signed in; for everybody else the answer is on its way while the language loads.
if (!["setup", "share"].includes(route.peek().page)) void startAccount();
const root = document.getElementById("app");
if (!root) throw new Error("index.html has the element #app");
void showLanguage(chosenLanguage() ?? "kk");
await languageShown;
render(<App />, root);
