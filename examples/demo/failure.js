'use strict'

/** Something that went wrong in a way the user can understand: one line, without a stack. */
class Failure extends Error {}

const CAUSES = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EEXIST: 'exists already',
  EISDIR: 'is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or folder',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'connection timed out',
  EPIPE: 'connection closed'
}

/**
 * @param {Error & { code?: string }} err of Node's file system or network
 * @returns {string} its cause in words
 */
function cause (err) {
  return CAUSES[err.code] ?? err.message
}

/**
 * @param {string} text perhaps with names that a stranger chose
 * @returns {string} the same in one line, with nothing that a terminal would obey
 */
function printable (text) {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim()
}

module.exports = { Failure, cause, printable }
