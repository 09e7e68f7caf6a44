import type { Connection } from "@spec/client";

const WORDS: Readonly<Record<Connection, string>> = {
  connecting: "Connecting…",
  live: "Live",
  offline: "Reconnecting… nothing is lost",
  ended: "Nothing more will come",
};

export function ConnectionLabel({ connection }: { connection: Connection }) {
  return (
    <span className="connection" data-state={connection}>
      <span className="connection-dot" aria-hidden="true" />
      {WORDS[connection]}
    </span>
  );
}
