// Says whether the page is live. When the session is over, the page is loaded anew and says how to get in.
"use strict";

const WORDS = { live: "Live", waiting: "Reconnecting…" };

function show(state) {
  const place = document.getElementById("live");
  if (place && place.dataset.state !== state) {
    place.dataset.state = state;
    place.textContent = WORDS[state];
  }
}

document.addEventListener("htmx:sse:after:connection", () => show("live"));
document.addEventListener("htmx:sse:close", () => show("waiting"));
document.addEventListener("htmx:sse:error", (event) => {
  if (event.detail.status === 401) {
    window.location.assign("/");
    return;
  }
  show("waiting");
});
