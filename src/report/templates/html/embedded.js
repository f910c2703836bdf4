"use strict";
// The trials that stand in the page itself: blocks of deflated bytes, written in base64.
function crucibleEmbedded() {
  async function bytes(id) {
    const block = document.getElementById(id);
    if (!block) return null;
    const packed = atob(block.textContent);
    const raw = new Uint8Array(packed.length);
    for (let at = 0; at < packed.length; at += 1) raw[at] = packed.charCodeAt(at);
    const opened = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(opened).arrayBuffer();
  }
  async function json(id) {
    const found = await bytes(id);
    return found === null ? null : JSON.parse(new TextDecoder().decode(found));
  }
  return {
    head: () => json("trials-head"),
    columns: () => bytes("trials-columns"),
    texts: (part) => json("trials-texts-" + part),
    calls: (part) => json("trials-calls-" + part),
  };
}
document.addEventListener("DOMContentLoaded", () => {
  crucibleExplorer(document.getElementById("explorer"), crucibleEmbedded());
});
