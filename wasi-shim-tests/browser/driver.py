"""Drives a browser through ChromeDriver, with nothing but the standard library."""

import base64
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--window-size=1400,1000",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]


class Failed(Exception):
    """The driver refused a command."""


class Browser:
    """A session. `profile` is an empty folder for the browser's own files."""

    def __init__(self, profile):
        self.base = None
        self.process = None
        self.profile = profile

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = subprocess.DEVNULL
        self.process = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=log, stderr=log)
        server = f"http://127.0.0.1:{port}"
        self.wait_for(server)
        options = {
            "args": [*FLAGS, f"--user-data-dir={self.profile}"],
            "perfLoggingPrefs": {"enableNetwork": True, "enablePage": False},
        }
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }
        body = {"capabilities": {"alwaysMatch": wanted}}
        session = self.send("POST", f"{server}/session", body)
        self.base = f"{server}/session/{session['sessionId']}"
        self.version = session["capabilities"].get("browserVersion", "of no known version")
        return self

    def __exit__(self, *_):
        try:
            if self.base:
                self.send("DELETE", self.base)
        finally:
            self.process.terminate()
            self.process.wait(10)

    def wait_for(self, server):
        for _ in range(200):
            try:
                if self.send("GET", f"{server}/status")["ready"]:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise Failed("chromedriver does not answer")

    def send(self, method, url, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        # No proxy stands between this and the driver.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Failed(json.load(error)["value"]["message"]) from error

    def post(self, path, **body):
        return self.send("POST", f"{self.base}/{path}", body)

    def open(self, url):
        self.post("url", url=url)

    def script(self, text, *args):
        return self.post("execute/sync", script=text, args=list(args))

    def find(self, selector):
        return self.post("element", using="css selector", value=selector)[ELEMENT]

    def click(self, selector):
        self.post(f"element/{self.find(selector)}/click")

    def clear(self, selector):
        # As a person does it, so that the page is told.
        self.keys(selector, "\ue009a\ue000\ue017")

    def keys(self, selector, text):
        self.post(f"element/{self.find(selector)}/value", text=text)

    def log(self, kind):
        return self.post("se/log", type=kind)

    def requests(self):
        """The addresses that were asked for since the last time."""
        messages = (json.loads(entry["message"])["message"] for entry in self.log("performance"))
        sent = (message for message in messages if message["method"] == "Network.requestWillBeSent")
        return [message["params"]["request"]["url"] for message in sent]

    def scheme(self, name):
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.post("goog/cdp/execute", cmd="Emulation.setEmulatedMedia", params={"features": features})

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.send("GET", f"{self.base}/screenshot")))
