'use strict'
module.exports = () => ''
