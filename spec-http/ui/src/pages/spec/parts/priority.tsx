import { Untrusted } from "../text/untrusted";

/** `CRITICAL` as "Critical". */
export function Priority({ priority }: { priority: string }) {
  return (
    <span className="priority" data-priority={priority}>
      <Untrusted text={named(priority)} max={40} />
    </span>
  );
}

/** A name of the wire format in words: `non_functional` as "Non functional". */
export function named(name: string): string {
  const words = name.replaceAll("_", " ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
