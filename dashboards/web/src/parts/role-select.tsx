/** Chooses a role; what each may do stands beside it. */
import { useId } from "preact/hooks";
import { ROLES, type Role } from "../accounts-api";
import { t } from "../language";
import "./choice.css";

interface Props {
  value: Role | null;
  /** What the select is called where no label is shown. */
  name?: string;
  /** Whether having no role at all can be chosen. */
  none?: boolean;
  onRole: (role: Role | null) => void;
  testId: string;
}

export function RoleSelect({ value, name, none, onRole, testId }: Props) {
  const id = useId();
  const select = (
    <select
      id={id}
      class="choice"
      value={value ?? ""}
      aria-label={name}
      data-testid={testId}
      onChange={(event) => {
        const chosen = event.currentTarget.value;
        onRole(ROLES.find((role) => role === chosen) ?? null);
      }}
    >
      {none && <option value="">{t("role.none")}</option>}
      {ROLES.map((role) => (
        <option key={role} value={role} selected={role === value}>
          {t(`role.${role}`)}
        </option>
      ))}
    </select>
  );
  if (name) return select;
  return (
    <div class="field">
      <label for={id}>{t("role.label")}</label>
      {select}
      {value && <p class="quiet field-note">{t(`role.${value}_may`)}</p>}
    </div>
  );
}
