/** The password of everybody in the tests. */
export const PASSWORD = 'correct horse battery';
/** Of PASSWORD, at the cost that the app uses. */
export const PASSWORD_DIGEST = '$2b$11$XQUYXGq9eNsuQmC8jJg/Auu7fevEwPzd3AS2Zu.u2hNIvU1UgrWj.';
