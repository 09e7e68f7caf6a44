import { Button } from "../../../components/button";

/** Says that what is on the screen has been replaced, and shows what replaced it. */
export function NewerVersion({
  version,
  kept,
  onShow,
}: {
  /** `null` while it is being loaded. */
  version: number | null;
  /** There is a comment that stays. */
  kept: boolean;
  onShow: () => void;
}) {
  return (
    <div className="gate-newer" role="alert">
      <p>
        {version === null
          ? "A newer version exists and is being loaded."
          : `A newer version exists: version ${version}.`}
        {kept && " Your comment is kept."}
      </p>
      {version !== null && (
        <Button size="s" onClick={onShow}>
          Show version {version}
        </Button>
      )}
    </div>
  );
}
