import { useId, useState } from "react";
import { Button } from "../../../components/button";
import { Clamp } from "../text/clamp";
import { Untrusted } from "../text/untrusted";

const SHORT_CHARACTERS = 700;
const SHORT_LINES = 8;

/** The idea, exactly as it was typed. A long one is folded. */
export function Idea({ text }: { text: string }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const long =
    text.length > SHORT_CHARACTERS || text.split("\n", SHORT_LINES + 1).length > SHORT_LINES;
  return (
    <div className="idea">
      <div id={id} className="idea-text" dir="auto" data-folded={(long && !open) || undefined}>
        <Clamp text={text} max={open ? 10_000 : 1_000} key={String(open)}>
          {(shown) => <Untrusted text={shown} kind="prose" max={Infinity} />}
        </Clamp>
      </div>
      {long && (
        <Button
          size="s"
          tone="quiet"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          {open ? "Fold the idea" : "Show the whole idea"}
        </Button>
      )}
    </div>
  );
}
