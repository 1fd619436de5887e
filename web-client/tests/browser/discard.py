"""Talks in a page, has the browser discard its tab, and comes back to it.

A browser discards no tab to which a driver is attached: this speaks to it itself, one tab at a time (Chrome DevTools
Protocol). Arguments: the browser's profile folder, in which it says its port, and the page's address.
"""

import json
import pathlib
import sys
import time
import urllib.request

from websockets.sync.client import connect

PATIENCE = 20
profile, page = pathlib.Path(sys.argv[1]), sys.argv[2]


def until(what, look):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if seen := look():
                return seen
        except OSError:
            pass
        time.sleep(0.05)
    sys.exit(f"it never came true: {what}")


def port():
    file = profile / "DevToolsActivePort"
    return file.exists() and file.read_text().split("\n")[0]


browser = f"http://127.0.0.1:{until('the browser listens', port)}/json/"


def ask(path, method="GET"):
    request = urllib.request.Request(browser + path, method=method)
    return urllib.request.urlopen(request, timeout=PATIENCE).read()


def tab(url):
    tabs = [tab for tab in json.loads(ask("list")) if tab["type"] == "page" and tab["url"].startswith(url)]
    return tabs and tabs[0]


class Attached:
    def __init__(self, url):
        there = until(f"a tab is at {url}", lambda: tab(url))
        self.socket = connect(there["webSocketDebuggerUrl"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def value(self, expression):
        parameters = {"expression": expression, "returnByValue": True}
        self.socket.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": parameters}))
        # A page that is being left has no result.
        answer = json.loads(self.socket.recv(PATIENCE))
        return answer.get("result", {}).get("result", {}).get("value")

    def until(self, expression):
        return until(expression, lambda: self.value(expression))


# The links of chrome://discards in the rows that name the page.
LINKS = """(() => {
    const links = [];
    const walk = (node, row) => {
        row = node.tagName === 'TR' ? node : row;
        if (row?.textContent.includes('PAGE') && node.textContent.trim() === 'LINK') links.push(node);
        for (const child of [...(node.shadowRoot?.children ?? []), ...(node.children ?? [])]) walk(child, row);
    };
    walk(document.documentElement, null);
    return links;
})()""".replace("PAGE", page)

ask("new?" + page, "PUT")
with Attached(page) as it:
    it.until("document.body.dataset.state === 'talking'")
    it.value("document.querySelector('#message').value = 'oi'")
    it.value("document.querySelector('#message').dispatchEvent(new InputEvent('input', { bubbles: true }))")
    it.value("document.querySelector('#send').click()")
    it.until("document.querySelectorAll('[data-from=server]').length === 1")
ask("new?chrome://discards", "PUT")
with Attached("chrome://discards") as it:
    links = LINKS.replace("LINK", "[Urgent Discard]")
    it.until(f"{links}.length > 0")
    it.value(f"{links}.forEach(link => link.click())")
    it.until("(" + LINKS.replace("node.textContent.trim() === 'LINK'", "/discarded \\(urgent\\)/.test(row.textContent)") + ").length > 0")
ask("activate/" + until("the discarded tab is listed", lambda: tab(page))["id"])
with Attached(page) as it:
    it.until("document.wasDiscarded")
    it.until("document.body.dataset.state === 'talking'")
    print(it.value("[...document.querySelectorAll('#log .words')].map(words => words.textContent).join('|')"))
