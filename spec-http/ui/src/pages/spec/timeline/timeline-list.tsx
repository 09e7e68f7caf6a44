import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { Button } from "../../../components/button";
import type { TimelineLine } from "./lines";
import { TimelineRow } from "./timeline-row";
import { useFollow } from "./use-follow";

/** Only the lines in view are in the document, however many there are. */
export function TimelineList({ lines }: { lines: readonly TimelineLine[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 34,
    getItemKey: (index) => lines[index]?.key ?? index,
    overscan: 12,
    useFlushSync: false,
  });
  const size = virtualizer.getTotalSize();
  const { following, jump } = useFollow(scroller, size);
  return (
    <div className="timeline-frame">
      <div
        ref={scroller}
        className="timeline-scroller"
        role="log"
        aria-live="off"
        aria-label="Events"
        tabIndex={0}
      >
        <div className="timeline-lines" style={{ height: size }}>
          {virtualizer.getVirtualItems().map((item) => {
            const line = lines[item.index];
            return (
              line && (
                <div
                  key={item.key}
                  ref={virtualizer.measureElement}
                  data-index={item.index}
                  className="timeline-item"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <TimelineRow line={line} />
                </div>
              )
            );
          })}
        </div>
      </div>
      {!following && (
        <Button className="timeline-jump" size="s" icon="chevronDown" onClick={jump}>
          Jump to latest
        </Button>
      )}
    </div>
  );
}
