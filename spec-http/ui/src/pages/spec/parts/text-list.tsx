import { useState } from "react";
import { Button } from "../../../components/button";
import { Prose, Sentence } from "../text/prose";
import { Untrusted } from "../text/untrusted";

const FIRST = 50;

/** How many of `count` items are shown, and a button for more. */
export function useMore(count: number, first = FIRST) {
  const [limit, setLimit] = useState(first);
  const rest = count - limit;
  return {
    limit,
    more: rest > 0 && (
      <Button size="s" tone="quiet" onClick={() => setLimit(limit + 4 * first)}>
        Show more ({rest.toLocaleString("en-US")} left)
      </Button>
    ),
  };
}

export function TextList({ items }: { items: readonly string[] }) {
  const { limit, more } = useMore(items.length);
  return (
    <>
      <ul className="text-list">
        {items.slice(0, limit).map((item, index) => (
          <li key={index} dir="auto">
            <Sentence text={item} />
          </li>
        ))}
      </ul>
      {more}
    </>
  );
}

export function Chips({ items, code = false }: { items: readonly string[]; code?: boolean }) {
  const { limit, more } = useMore(items.length, 60);
  return (
    <>
      <ul className="chips" data-code={code || undefined}>
        {items.slice(0, limit).map((item, index) => (
          <li key={index}>
            <Untrusted text={item} max={200} />
          </li>
        ))}
      </ul>
      {more}
    </>
  );
}

/** Names with what is said of them. */
export function Terms({
  items,
  code = true,
}: {
  items: readonly (readonly [string, string])[];
  code?: boolean;
}) {
  const { limit, more } = useMore(items.length);
  return (
    <>
      <dl className="terms" data-code={code || undefined}>
        {items.slice(0, limit).map(([name, about], index) => (
          <div key={index}>
            <dt>
              <Untrusted text={name} max={300} />
            </dt>
            <dd dir="auto">
              <Sentence text={about} />
            </dd>
          </div>
        ))}
      </dl>
      {more}
    </>
  );
}

export function Notes({ text }: { text: string }) {
  return text.trim() === "" ? null : (
    <section className="part">
      <h3 className="part-title">Notes</h3>
      <Prose text={text} />
    </section>
  );
}
