// toml++ behind a C interface.
#ifndef TANDEM_CTOML_H
#define TANDEM_CTOML_H
#endif
