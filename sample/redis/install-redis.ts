/** The line that installs a Redis server, by system. */
export const INSTALL_REDIS: Readonly<Record<string, string>> = {
  'Debian, Ubuntu': 'sudo apt-get install redis-server',
  Fedora: 'sudo dnf install valkey',
  Alpine: 'sudo apk add redis',
  macOS: 'brew install redis',
};
