// MLflow's client prints addresses whose path stands behind a #, which no server sees. Here it becomes one.
"use strict";
function go() {
    const path = location.hash.slice(1).split("?")[0];
    const run = /^\/experiments\/(\d+)\/runs\/([0-9A-Za-z_-]+)/.exec(path);
    const experiment = /^\/experiments\/(\d+)/.exec(path);
    if (run) location.replace("/experiments/" + run[1] + "/runs/" + run[2]);
    else if (experiment) location.replace("/experiments/" + experiment[1]);
}
addEventListener("hashchange", go);
go();
