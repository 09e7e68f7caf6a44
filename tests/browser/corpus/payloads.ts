import { canary } from "../harness/visitor";

/** Runs nowhere, unless a page takes text for code. */
const run = (name: string) => `${canary}('${name}')`;

const elsewhere = "https://elsewhere.invalid";

/** Text that would do something if it were taken for more than text. */
export const payloads: readonly string[] = [
  `<script>${run("script")}</script>`,
  `<ScRiPt>${run("mixed case")}</sCrIpT >`,
  `</script><script>${run("closing script")}</script>`,
  `</textarea></title></style><script>${run("closing others")}</script>`,
  `--><script>${run("closing a comment")}</script>`,
  `]]><script>${run("closing cdata")}</script>`,
  `<img src=x onerror=${run("img")}>`,
  `"><img src=x onerror="${run("attribute")}">`,
  `' autofocus onfocus='${run("focus")}' x='`,
  `<svg onload=${run("svg")}><animate onbegin=${run("animate")} attributeName=x dur=1s></svg>`,
  `<svg><script>${run("svg script")}</script></svg>`,
  `<svg><a xlink:href="javascript:${run("xlink")}"><text y=20>click</text></a></svg>`,
  `<math><mtext><style><img src onerror=${run("mutation")}></style></mtext></math>`,
  `<iframe srcdoc="<script>parent.${run("srcdoc")}</script>"></iframe>`,
  `<object data="data:text/html,<script>${run("object")}</script>"></object>`,
  `<embed src="javascript:${run("embed")}">`,
  `<details open ontoggle=${run("toggle")}>`,
  `<video><source onerror=${run("source")}></video>`,
  `<a href="javascript:${run("href")}">click</a>`,
  `<form action="javascript:${run("form")}"><button>send</button></form>`,
  `<meta http-equiv="refresh" content="0;url=${elsewhere}/meta">`,
  `<base href="${elsewhere}/base/">`,
  `<link rel="stylesheet" href="${elsewhere}/style.css">`,
  `<style>*{display:none!important}</style>`,
  `<img src="${elsewhere}/pixel.png">`,
  `![pixel](${elsewhere}/pixel.png)`,
  `![x](x"onerror="${run("markdown image")})`,
  `[click](javascript:${run("markdown link")})`,
  `[click](JaVaScRiPt&colon;${run("entity")})`,
  `[click](\u0001javascript:${run("control character")})`,
  `[click](data:text/html,<script>${run("data")}</script>)`,
  `[click](vbscript:msgbox)`,
  `[https://bank.invalid](${elsewhere}/login)`,
  `[click](https://bank.invalid@elsewhere.invalid/)`,
  `javascript:${run("address")}`,
  `data:text/html,<script>${run("data address")}</script>`,
  `{{constructor.constructor("${run("angular")}")()}}`,
  `\${${run("literal")}} #{${run("ruby")}} <%= ${run("erb")} %> {% raw %}`,
  `__proto__ constructor toString hasOwnProperty`,
  `\u202egnp.exe\u202c and \u2066isolated\u2069 and \u200fright`,
  `zero\u200bwidth\u200d\u2060\ufeff\u00ad and tags \u{e0041}\u{e0042}`,
  `\u001b[31mred\u001b[0m \u0007bell \u0008back \u007fdelete \u0085next`,
  `Z\u0351\u0489\u034d\u0356\u0353algo\u0300\u0301\u0302\u0303\u0304 \u{1f468}\u200d\u{1f469}\u200d\u{1f467}`,
  `العربية עברית 日本語 ไทย`,
  "W".repeat(400),
  "\u2014".repeat(300),
  `https://elsewhere.invalid/${"a".repeat(600)}`,
];

/** Those that a line may hold: no control characters. */
export const linePayloads: readonly string[] = payloads.filter(
  (payload) => !/\p{Cc}/u.test(payload),
);

/** Diagrams that would do more than be drawn. */
export const diagrams: readonly string[] = [
  `flowchart TD
  A["<img src=x onerror=${run("mermaid label")}>"] --> B["<b>bold</b>"]
  click A "javascript:${run("mermaid link")}"
  click B call ${canary}("mermaid callback")`,
  `%%{init: {"securityLevel": "loose", "htmlLabels": true, "flowchart": {"htmlLabels": true}, "theme": "base", "themeVariables": {"fontFamily": "x;}</style><img src=x onerror=${run("mermaid font")}>"}}}%%
flowchart TD
  A["<script>${run("mermaid directive")}</script><svg onload=${run("mermaid svg")}>"] --> B
  click A href "javascript:${run("mermaid href")}" _top`,
  `---
title: "<img src=x onerror=${run("mermaid title")}>"
config:
  securityLevel: loose
  htmlLabels: true
---
flowchart TD
  A["<a href='javascript:${run("mermaid anchor")}'>click</a>"] --> B
  click B "${elsewhere}/mermaid" _blank`,
  `sequenceDiagram
  participant A as <img src=x onerror=${run("participant")}>
  A->>B: <svg onload=${run("message")}>
  link A: click @ javascript:${run("mermaid menu")}`,
  `classDiagram
  class Order["<img src=x onerror=${run("class")}>"]
  link Order "javascript:${run("class link")}"
  callback Order "${canary}" "tip"`,
  `gantt
  title <img src=x onerror=${run("gantt")}>
  section One
  click me :a1, 2026-01-01, 3d
  click a1 href "javascript:${run("gantt link")}"`,
  `nothing that can be drawn <script>${run("no diagram")}</script>`,
];

/** More than a page should try to draw. */
export const endlessDiagram = `flowchart TD\n${"A --> ".repeat(3_000)}B`;
