"""Reports as files: pages that can be mailed, and exports of the views."""
