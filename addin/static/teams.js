// Teams, through teams-js: the only module that knows `microsoftTeams`. Whatever script the page names
// supplies that object, so the tab is the same inside Teams and elsewhere.

import { HostProblem, loadScript, within } from "./script.js";

const READY_WITHIN_MS = 10_000;
const THEMES = { default: "light", dark: "dark", contrast: "contrast" };

/** Follow Teams' theme; one we do not know leaves it to the system's. */
function applyTheme(name) {
  const theme = THEMES[name];
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

async function followTheme(app) {
  app.registerOnThemeChangeHandler(applyTheme);
  try {
    const context = await app.getContext();
    applyTheme(context.app.theme);
  } catch (error) {
    console.info("Teams does not tell its theme, the system's applies", error.message);
  }
}

async function initialize(app) {
  try {
    await within(READY_WITHIN_MS, app.initialize(), new HostProblem("host.teams_slow"));
  } catch (error) {
    // teams-js refuses at once where no application is around the page.
    throw error instanceof HostProblem ? error : new HostProblem("host.teams_outside");
  }
}

/**
 * Start teams-js and return the host: {getToken(), askInDialog(url)}. Raises HostProblem when the script does not load,
 * does not answer, or runs outside Teams.
 */
export async function openTeams(src) {
  await loadScript(src, new HostProblem("host.teams_script"));
  const { app, authentication } = window.microsoftTeams;
  await initialize(app);
  followTheme(app);
  app.notifySuccess(); // the page has been on screen since before this script
  return {
    async getToken() {
      try {
        return await authentication.getAuthToken();
      } catch (error) {
        console.info("Teams gave no token", error.message);
        throw new HostProblem("host.teams_sign_in");
      }
    },
    async askInDialog(url) {
      try {
        return await authentication.authenticate({ url: `${url}&host=teams`, width: 480, height: 640 });
      } catch (error) {
        console.info("nobody signed in", error.message);
        throw new HostProblem("host.refused");
      }
    },
  };
}
