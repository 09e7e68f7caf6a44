import { useEffect, useRef, type ReactNode } from "react";
import { claimFocus } from "./navigation";

/** The heading of a page and the title of its document; given the focus when a navigation led here. */
export function PageTitle({
  children,
  documentTitle,
  className,
  focus = true,
}: {
  children: ReactNode;
  documentTitle: string;
  className?: string;
  focus?: boolean;
}) {
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    document.title = `${documentTitle} · Specs`;
  }, [documentTitle]);

  useEffect(() => {
    if (claimFocus() && focus) heading.current?.focus();
  }, [focus]);

  return (
    <h1 ref={heading} tabIndex={-1} className={className}>
      {children}
    </h1>
  );
}
