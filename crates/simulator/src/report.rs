//! What came of a shift, and of many.

use serde::Serialize;

/// One shift.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShiftReport {
    /// Share of the time agents were there which they spent talking or writing up, warm-up left out.
    pub utilisation: f64,
    /// Minutes of conversation for each hour of an agent, warm-up left out.
    pub talk_min_per_h: f64,
    /// How long an agent waits for the next conversation.
    pub wait_mean_s: f64,
    /// What 95 of 100 such waits stay below.
    pub wait_p95_s: f64,
    /// Calls placed.
    pub dials: u64,
    /// Live answers, the warm-up's included, as on the ledger.
    pub live: u64,
    /// Of these without an agent within the connect limit.
    pub abandoned: u64,
    /// People taken for machines. They count on the ledger, but no pacing can prevent them.
    pub mistaken: u64,
    /// The whole shift's share of abandoned calls is above the cap.
    pub over_cap: bool,
    /// The largest share of abandoned calls in a half hour of the clock with 30 resolved answers or more.
    pub worst_half_hour: Option<f64>,
    /// Most calls in flight at one moment.
    pub peak_in_flight: u32,
    /// Decisions asked of the pacer.
    pub decisions: u64,
    /// Share of them held at the floor by the ledger gate.
    pub gate_share: f64,
    /// Share that came out at the floor for another reason.
    pub floor_share: f64,
    /// Share cut by lines, rate or the end of the list.
    pub lines_share: f64,
    /// When the list was at its end and everybody done, if it came to that.
    pub finished_s: Option<f64>,
    /// A hash of all decisions with their times: equal for equal runs.
    pub log_hash: u64,
}

impl ShiftReport {
    /// Abandoned calls as a share of live answers.
    pub fn abandoned_share(&self) -> f64 {
        if self.live == 0 { 0.0 } else { self.abandoned as f64 / self.live as f64 }
    }

    /// Calls placed for each live answer.
    pub fn dials_per_answer(&self) -> f64 {
        if self.live == 0 { 0.0 } else { self.dials as f64 / self.live as f64 }
    }
}

/// A mean over shifts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of its 95 % interval; nothing for fewer than two shifts.
    pub plus_minus: Option<f64>,
}

impl Estimate {
    /// The mean of these values, with the interval of Student's t.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        let count = values.len() as f64;
        let mean = if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / count };
        let plus_minus = (values.len() > 1).then(|| {
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
            student_95(values.len() - 1) * (variance / count).sqrt()
        });
        Self { mean, plus_minus }
    }
}

/// The two-sided 95 % quantile of Student's t.
fn student_95(freedom: usize) -> f64 {
    const TABLE: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    let beyond = |freedom: usize| 1.96 + 2.4 / freedom as f64 + 3.0 / (freedom as f64).powi(2);
    freedom
        .checked_sub(1)
        .and_then(|index| TABLE.get(index))
        .copied()
        .unwrap_or_else(|| beyond(freedom.max(1)))
}

/// Many shifts of one scenario, each with a seed of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Shifts.
    pub shifts: usize,
    /// See [`ShiftReport::utilisation`].
    pub utilisation: Estimate,
    /// See [`ShiftReport::talk_min_per_h`].
    pub talk_min_per_h: Estimate,
    /// See [`ShiftReport::abandoned_share`].
    pub abandoned: Estimate,
    /// Shifts whose share was above the cap.
    pub days_over_cap: usize,
    /// See [`ShiftReport::worst_half_hour`]; over the shifts that had one.
    pub worst_half_hour: Option<Estimate>,
    /// See [`ShiftReport::wait_mean_s`].
    pub wait_mean_s: Estimate,
    /// See [`ShiftReport::wait_p95_s`].
    pub wait_p95_s: Estimate,
    /// See [`ShiftReport::dials_per_answer`].
    pub dials_per_answer: Estimate,
    /// The largest of all shifts.
    pub peak_in_flight: u32,
    /// See [`ShiftReport::gate_share`].
    pub gate_share: Estimate,
    /// See [`ShiftReport::floor_share`].
    pub floor_share: Estimate,
    /// See [`ShiftReport::lines_share`].
    pub lines_share: Estimate,
}

impl Summary {
    /// What these shifts have in common.
    pub fn of(reports: &[ShiftReport]) -> Self {
        let mean = |value: fn(&ShiftReport) -> f64| Estimate::of(reports.iter().map(value));
        let worst: Vec<f64> = reports.iter().filter_map(|report| report.worst_half_hour).collect();
        Self {
            shifts: reports.len(),
            utilisation: mean(|report| report.utilisation),
            talk_min_per_h: mean(|report| report.talk_min_per_h),
            abandoned: mean(ShiftReport::abandoned_share),
            days_over_cap: reports.iter().filter(|report| report.over_cap).count(),
            worst_half_hour: (!worst.is_empty()).then(|| Estimate::of(worst)),
            wait_mean_s: mean(|report| report.wait_mean_s),
            wait_p95_s: mean(|report| report.wait_p95_s),
            dials_per_answer: mean(ShiftReport::dials_per_answer),
            peak_in_flight: reports.iter().map(|report| report.peak_in_flight).max().unwrap_or(0),
            gate_share: mean(|report| report.gate_share),
            floor_share: mean(|report| report.floor_share),
            lines_share: mean(|report| report.lines_share),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_that_of_students_t() {
        let estimate = Estimate::of([1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!((estimate.mean - 3.0).abs() < 1e-12);
        // 2.776 · 1.5811 / √5
        assert!((estimate.plus_minus.unwrap() - 1.963).abs() < 1e-3);
        assert!((student_95(19) - 2.093).abs() < 3e-3, "{}", student_95(19));
        assert!((student_95(60) - 2.000).abs() < 3e-3, "{}", student_95(60));
        assert_eq!(Estimate::of([7.0]).plus_minus, None);
    }
}
