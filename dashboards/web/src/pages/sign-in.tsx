import { signIn } from "../account";
import { t } from "../language";
import { Credentials } from "../parts/credentials";
import { Door } from "../parts/door";
import { ProviderDoor } from "../parts/provider";

/** Shown at whatever address was asked for, which is then shown once somebody is signed in. */
export function SignInPage() {
  return (
    <Door title={t("signin.title")} lead={t("signin.lead")}>
      <Credentials kind="signin" submit={signIn} />
      <ProviderDoor />
    </Door>
  );
}
