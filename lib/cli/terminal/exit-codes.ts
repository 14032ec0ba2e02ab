/** The user answered no. 0 is well, 1 is a difference or a threshold, 2 is an error. */
export const REFUSED_BY_USER = 3;
