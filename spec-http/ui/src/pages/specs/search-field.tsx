import { useEffect, useRef, useState } from "react";
import { Icon } from "../../components/icon";

const pause = 250;

/** Tells what is searched for once the typing pauses. */
export function SearchField({
  value,
  onChange,
}: {
  value: string;
  onChange: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  const tell = useRef(onChange);
  tell.current = onChange;

  // The address may be changed from elsewhere, such as by going back.
  if (told.current !== value) {
    told.current = value;
    setTyped(value);
  }

  useEffect(() => {
    if (typed === told.current) return;
    const timer = setTimeout(() => {
      told.current = typed;
      tell.current(typed);
    }, pause);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <label className="filter-search">
      <Icon name="search" size={16} />
      <span className="visually-hidden">Search titles</span>
      <input
        type="search"
        placeholder="Search titles"
        maxLength={200}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  );
}
