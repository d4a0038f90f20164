//! What an agentless call does after the answer: a small interpreter of its script.

use muster_app::ports::{PlayId, Prompt};
use muster_domain::calls::campaign::ScriptStep;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the line does next for its script.
#[derive(Debug)]
pub(super) enum Next {
    /// Plays a prompt; [`Script::plays`] is told under which number.
    Play(Arc<Prompt>),
    /// Waits for a key, or for time to pass.
    Wait,
    /// Asks for an agent.
    Transfer,
    /// Ends the call.
    HangUp,
}

/// A script at work.
#[derive(Debug)]
pub(super) struct Script {
    /// Steps to come, the next one first.
    steps: VecDeque<ScriptStep>,
    waits: Waits,
    /// Keys that were pressed while something was played.
    early: VecDeque<char>,
    /// The result that was recorded, by export key.
    pub(super) result: Option<String>,
    /// Whether the number must not be called again.
    pub(super) suppress: bool,
    /// Whether at least one prompt was played to its end, or a key was pressed: somebody was reached.
    pub(super) heard: bool,
}

#[derive(Debug)]
enum Waits {
    Nothing,
    Asked,
    Playing(PlayId),
    Key { until: Instant, keys: BTreeMap<String, Vec<ScriptStep>>, otherwise: Vec<ScriptStep> },
}

impl Script {
    /// From its first step.
    pub(super) fn new(steps: &[ScriptStep]) -> Self {
        Self {
            steps: steps.to_vec().into(),
            waits: Waits::Nothing,
            early: VecDeque::new(),
            result: None,
            suppress: false,
            heard: false,
        }
    }

    /// Goes on as far as it can.
    pub(super) fn go_on(&mut self, prompts: &BTreeMap<String, Arc<Prompt>>, now: Instant) -> Next {
        if !matches!(self.waits, Waits::Nothing) {
            return Next::Wait;
        }
        while let Some(step) = self.steps.pop_front() {
            match step {
                ScriptStep::Play { prompt } => {
                    // A key pressed already skips what it would have interrupted.
                    if self.early.is_empty()
                        && let Some(prompt) = prompts.get(&prompt)
                    {
                        self.waits = Waits::Asked;
                        return Next::Play(Arc::clone(prompt));
                    }
                }
                ScriptStep::Collect { timeout_s, keys, otherwise } => {
                    let until = now + Duration::from_secs(u64::from(timeout_s));
                    self.waits = Waits::Key { until, keys, otherwise };
                    match self.early.pop_front() {
                        Some(digit) => self.take(Some(digit)),
                        None => return Next::Wait,
                    }
                }
                ScriptStep::Result { export_key } => self.result = Some(export_key),
                ScriptStep::Suppress => self.suppress = true,
                ScriptStep::Transfer => return Next::Transfer,
                ScriptStep::HangUp => return Next::HangUp,
            }
        }
        Next::HangUp
    }

    /// The prompt that was asked for is played under this number.
    pub(super) fn plays(&mut self, play: PlayId) {
        if matches!(self.waits, Waits::Asked) {
            self.waits = Waits::Playing(play);
        }
    }

    /// A prompt came to its end. Whether it was this script's.
    pub(super) fn played(&mut self, play: PlayId) -> bool {
        let own = matches!(self.waits, Waits::Playing(own) if own == play);
        if own {
            self.waits = Waits::Nothing;
            self.heard = true;
        }
        own
    }

    /// A key was pressed. Whether what is played has to stop.
    pub(super) fn pressed(&mut self, digit: char) -> bool {
        self.heard = true;
        match self.waits {
            Waits::Key { .. } => {
                self.take(Some(digit));
                false
            }
            Waits::Playing(_) | Waits::Asked => {
                self.early.push_back(digit);
                self.waits = Waits::Nothing;
                true
            }
            Waits::Nothing => {
                self.early.push_back(digit);
                false
            }
        }
    }

    fn take(&mut self, digit: Option<char>) {
        if let Waits::Key { mut keys, otherwise, .. } = std::mem::replace(&mut self.waits, Waits::Nothing) {
            let branch = digit.and_then(|digit| keys.remove(digit.to_string().as_str())).unwrap_or(otherwise);
            for step in branch.into_iter().rev() {
                self.steps.push_front(step);
            }
        }
    }

    /// When it goes on without a key.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.waits {
            Waits::Key { until, .. } => Some(*until),
            _ => None,
        }
    }

    /// Whether it has waited for a key long enough.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|until| until <= now)
    }

    /// It goes on without a key.
    pub(super) fn time_out(&mut self) {
        self.take(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts() -> BTreeMap<String, Arc<Prompt>> {
        let prompt = |name: &str| Arc::new(Prompt { name: name.to_owned(), samples: vec![0; 80] });
        ["hello", "bye"].into_iter().map(|name| (name.to_owned(), prompt(name))).collect()
    }

    fn steps() -> Vec<ScriptStep> {
        let play = |prompt: &str| ScriptStep::Play { prompt: prompt.to_owned() };
        let result = |key: &str| ScriptStep::Result { export_key: key.to_owned() };
        let keys = BTreeMap::from([
            ("1".to_owned(), vec![result("YES"), play("bye")]),
            ("9".to_owned(), vec![ScriptStep::Suppress, ScriptStep::HangUp]),
        ]);
        vec![play("hello"), ScriptStep::Collect { timeout_s: 5, keys, otherwise: vec![result("NO")] }]
    }

    fn playing(script: &mut Script, now: Instant) -> String {
        match script.go_on(&prompts(), now) {
            Next::Play(prompt) => {
                script.plays(PlayId(1));
                prompt.name.clone()
            }
            other => panic!("{other:?}"),
        }
    }

    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    #[test]
    fn a_key_after_the_prompt_chooses_its_branch() {
        let mut script = Script::new(&steps());
        assert_eq!(playing(&mut script, now()), "hello");
        assert!(!script.played(PlayId(7)));
        assert!(script.played(PlayId(1)));
        assert!(matches!(script.go_on(&prompts(), now()), Next::Wait));
        assert!(!script.pressed('1'));
        assert_eq!(playing(&mut script, now()), "bye");
        assert!(script.played(PlayId(1)));
        assert!(matches!(script.go_on(&prompts(), now()), Next::HangUp));
        assert_eq!(script.result.as_deref(), Some("YES"));
    }

    #[test]
    fn a_key_during_the_prompt_stops_it_and_counts() {
        let mut script = Script::new(&steps());
        playing(&mut script, now());
        assert!(script.pressed('9'));
        assert!(matches!(script.go_on(&prompts(), now()), Next::HangUp));
        assert!(script.suppress);
        assert_eq!(script.result, None);
    }

    #[test]
    fn without_a_key_or_with_a_wrong_one_it_goes_on_otherwise() {
        for wrong in [None, Some('5')] {
            let mut script = Script::new(&steps());
            let start = now();
            playing(&mut script, start);
            script.played(PlayId(1));
            script.go_on(&prompts(), start);
            assert!(!script.is_due(start + Duration::from_millis(4999)));
            match wrong {
                None => {
                    assert!(script.is_due(start + Duration::from_secs(5)));
                    script.time_out();
                }
                Some(digit) => assert!(!script.pressed(digit)),
            }
            assert!(matches!(script.go_on(&prompts(), start), Next::HangUp));
            assert_eq!(script.result.as_deref(), Some("NO"));
        }
    }
}
