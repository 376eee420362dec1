// The CLI prints the page of an update as /#joblist/pipelines/<pipeline>/updates/<update>.
const found = /^#joblist\/pipelines\/([\w-]+)/.exec(location.hash);
if (found) {
  location.replace(`/pipelines/${found[1]}`);
}
