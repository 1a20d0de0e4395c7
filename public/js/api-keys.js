import './new-key.js';
import './removal-dialog.js';
import './submit-once.js';
