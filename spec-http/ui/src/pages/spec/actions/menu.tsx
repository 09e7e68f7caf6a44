import { Menu } from "@base-ui/react/menu";
import type { ReactNode } from "react";
import { Button, type ButtonTone } from "../../../components/button";
import { Icon, type IconName } from "../../../components/icon";
import "./menu.css";

export interface MenuItem {
  readonly key: string;
  readonly icon?: IconName;
  readonly label: ReactNode;
  readonly onSelect: () => void;
}

/** A button with a list of actions behind it. */
export function ActionMenu({
  label,
  icon,
  tone = "plain",
  busy = false,
  items,
}: {
  label: string;
  icon?: IconName;
  tone?: ButtonTone;
  busy?: boolean;
  items: readonly MenuItem[];
}) {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger
        render={
          <Button tone={tone} busy={busy} {...(icon ? { icon } : {})}>
            {label}
            <Icon name="chevronDown" size={14} />
          </Button>
        }
      />
      <Menu.Portal container={document.getElementById("main") ?? document.body}>
        <Menu.Positioner className="menu-positioner" sideOffset={6} align="end">
          <Menu.Popup className="menu">
            {items.map((item) => (
              <Menu.Item key={item.key} className="menu-item" onClick={item.onSelect}>
                {item.icon && <Icon name={item.icon} size={16} />}
                {item.label}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
