// What was picked goes on to Moodle by itself; the button is for browsers without scripts.
"use strict";
document.getElementById("answer").submit();
