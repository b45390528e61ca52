// Tells the platform that registration has ended (LTI Dynamic Registration 1.0, section 3.6.2), and nobody else.
"use strict";
const platform = document.currentScript.dataset.platform;
const button = document.getElementById("close");
const opener = window.opener || (window.parent !== window ? window.parent : null);
if (opener) {
  button.hidden = false;
  button.addEventListener("click", () => opener.postMessage({ subject: "org.imsglobal.lti.close" }, platform));
}
