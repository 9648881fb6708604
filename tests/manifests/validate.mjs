// Prints what Microsoft's own package finds wrong with a unified manifest: a JSON list of sentences.
// It ships its schemas; a schema it lacks would be fetched, so the network is taken away first.
import appManifest from "@microsoft/app-manifest";

globalThis.fetch = () => Promise.reject(new Error("no network in tests"));
const [, findings] = await appManifest.AppManifestUtils.readAndValidateTeamsManifest(process.argv[2]);
console.log(JSON.stringify(findings));
