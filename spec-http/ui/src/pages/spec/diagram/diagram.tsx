import { useRef, useState } from "react";
import { Button } from "../../../components/button";
import { LONGEST_DIAGRAM } from "../../../diagram/protocol";
import { basePath } from "../../../settings";
import { useTheme } from "../../../theme/theme";
import { CodeBlock } from "../text/prose";
import { Untrusted } from "../text/untrusted";
import { useDiagramFrame } from "./use-diagram-frame";
import { useVisible } from "./use-visible";
import "./diagram.css";

/**
 * A Mermaid diagram. It is drawn in a frame that has no access to this page or its server, and only
 * once it comes into view.
 */
export function Diagram({ text, title }: { text: string; title: string }) {
  const figure = useRef<HTMLElement>(null);
  const frame = useRef<HTMLIFrameElement>(null);
  const [source, setSource] = useState(false);
  const visible = useVisible(figure);
  const fits = text.length <= LONGEST_DIAGRAM;
  const active = visible && fits;
  const drawing = useDiagramFrame(frame, text, useTheme(), active);
  const reason = fits
    ? drawing.state === "failed" && drawing.reason
    : "It is too long to be drawn.";
  return (
    <figure ref={figure} className="diagram">
      <figcaption className="diagram-head">
        <span>{title}</span>
        {!reason && (
          <Button size="s" tone="quiet" aria-pressed={source} onClick={() => setSource(!source)}>
            Source
          </Button>
        )}
      </figcaption>
      {reason && (
        <p className="diagram-failed">
          This diagram cannot be drawn: <Untrusted text={reason} kind="prose" max={500} />
        </p>
      )}
      {(source || reason) && <CodeBlock text={text} />}
      {active && !reason && (
        <iframe
          ref={frame}
          className="diagram-frame"
          title={title}
          sandbox="allow-scripts"
          referrerPolicy="no-referrer"
          src={`${basePath}/diagram.html`}
          hidden={source}
          data-state={drawing.state}
          style={drawing.state === "drawn" ? { height: drawing.height } : undefined}
        />
      )}
      {!active && !reason && <div className="diagram-frame" data-state="drawing" />}
    </figure>
  );
}
