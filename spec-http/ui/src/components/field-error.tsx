import { Icon } from "./icon";
import "./field-error.css";

/** What is wrong with the field beside it, which names it by `aria-describedby`. */
export function FieldError({ id, children }: { id: string; children: string | undefined }) {
  return (
    <div id={id} role="alert">
      {children && (
        <p className="field-error">
          <Icon name="alert" size={16} />
          {children}
        </p>
      )}
    </div>
  );
}
