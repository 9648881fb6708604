// Stands in for teams-js inside a dialog of Teams: what the page says when it is done is kept for the test.

const tell = (told) => {
  window.told = told;
  document.title = "told";
};

window.microsoftTeams = {
  app: { initialize: () => Promise.resolve() },
  authentication: {
    notifySuccess: (result) => tell({ result }),
    notifyFailure: (reason) => tell({ reason }),
  },
};
