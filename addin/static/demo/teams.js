// A stand-in for the part of teams-js that the tab uses: loaded instead of Microsoft's script, it supplies
// `microsoftTeams` with the same names and shapes. Who is signed in is chosen on the page (sign-in.js).

(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => (dark.matches ? "dark" : "default");
  let signIn = null;

  window.microsoftTeams = {
    app: {
      initialize: () => Promise.resolve(),
      getContext: () => Promise.resolve({ app: { theme: theme() } }),
      registerOnThemeChangeHandler: (handler) => dark.addEventListener("change", () => handler(theme())),
      notifySuccess: () => Promise.resolve({ hasFinishedSuccessfully: true }),
    },
    authentication: {
      async getAuthToken() {
        signIn ??= import("/static/demo/sign-in.js").then((module) => module.signIn());
        try {
          return await (await signIn).token();
        } catch (error) {
          signIn = null;
          throw error;
        }
      },
    },
  };
})();
