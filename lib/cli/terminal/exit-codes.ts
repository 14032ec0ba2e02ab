/** The exit code if the user answered no. 0 is success, 1 a difference or a threshold, 2 an error. */
export const REFUSED_BY_USER = 3;
