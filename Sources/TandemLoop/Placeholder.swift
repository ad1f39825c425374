import TandemBase
