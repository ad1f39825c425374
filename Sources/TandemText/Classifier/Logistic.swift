import Glibc

/// 1 / (1 + e^-x).
func logistic(_ logOdds: Double) -> Double { 1 / (1 + exp(-logOdds)) }
