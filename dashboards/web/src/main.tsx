import { render } from "preact";
import "./base.css";
import { startAccount } from "./account";
import { startAddress } from "./address";
import { App } from "./app";
import { chosenLanguage, showLanguage } from "./language";
import { startTheme } from "./theme";

startTheme();
startAddress();
const account = startAccount();
const root = document.getElementById("app");
if (!root) throw new Error("index.html has the element #app");
await showLanguage(chosenLanguage() ?? "kk");
render(<App />, root);
await account;
