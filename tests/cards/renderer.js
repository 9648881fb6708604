// Draws cards as Teams does, with the renderer that Teams itself is made from, and tells all it complained about.

const seenAsMarkdown = [];
AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
  seenAsMarkdown.push(text);
  const shown = document.createElement("p");
  shown.textContent = text;
  result.outputHtml = shown.outerHTML;
  result.didProcess = true;
};

window.drawCard = (json, hostConfig) => {
  const complaints = [];
  const context = new AdaptiveCards.SerializationContext();
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = new AdaptiveCards.HostConfig(hostConfig);
  seenAsMarkdown.length = 0;
  card.parse(json, context);
  for (let at = 0; at < context.eventCount; at += 1) complaints.push(context.getEventAt(at).message);
  const rendered = card.render();
  for (const event of card.validateProperties().validationEvents) complaints.push(event.message);
  const frame = document.getElementById("card");
  frame.replaceChildren(rendered);
  document.body.style.background = hostConfig.pageBackground ?? "";
  const read = (selector) => [...frame.querySelectorAll(selector)].map((found) => found.textContent);
  return {
    complaints,
    markdown: [...seenAsMarkdown],
    runs: read(".ac-textRun"),
    options: read("option:not([hidden])"),
    strangers: read("a, script, img, iframe, strong, em, ul, ol, input[type=image]"),
    width: frame.scrollWidth - frame.clientWidth,
  };
};
