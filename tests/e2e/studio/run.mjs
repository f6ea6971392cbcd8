// node run.mjs MODULES BINARY FOLDER RULE [ADDRESS...]: one rule of rules.mjs or account_rules.mjs,
// or with addresses of running servers one of cluster_rules.mjs; 0 if it holds.
import { rules as accountRules } from './account_rules.mjs';
import { Scene } from './browser.mjs';
import { rules as clusterRules } from './cluster_rules.mjs';
import { rules as studioRules } from './rules.mjs';

const [modules, binary, folder, name, ...addresses] = process.argv.slice(2);
const rules = addresses.length ? clusterRules : { ...studioRules, ...accountRules };
if (name === '--list') {
  console.log(Object.keys(rules).join('\n'));
} else {
  const scene = new Scene({ modules, binary, folder });
  try {
    await rules[name](scene, ...addresses.map((url) => scene.at(url)));
  } catch (fault) {
    console.log(fault.stack, '\nin the browser:', scene.wrong);
    process.exitCode = 1;
  } finally {
    await scene.end();
  }
}
