// What the page runs when a turn is a terminal: its program and its looks, and then it is there.
import init, { VezTerminal } from "./vez_terminal.js";

const looks = document.createElement("link");
looks.rel = "stylesheet";
looks.href = "./terminal.css";
const dressed = new Promise((done) => {
  looks.onload = looks.onerror = done;
});
document.head.append(looks);
try {
  await Promise.all([init(), dressed]);
  globalThis.VezTerminal = VezTerminal;
} finally {
  // A script's own "load" does not wait for what it awaits.
  dispatchEvent(new Event("terminal"));
}
