/// The version of every binary of this package.
package let tandemVersion = "0.1.0"
