//! `muster sim phones`

use super::with_causes;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::serve::StopSignals;
use clap::{Args, ValueEnum};
use muster_app::ports::{Clock, SystemClock};
use muster_peers::phones::{
    AgentHabits, AgentsSettings, Algorithm, CallRecord, Challenge, Counters, Mix, Phones, PhonesSettings,
    Plan, Side, TlsSettings, judge,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Arguments of `muster sim phones`.
#[derive(Debug, Args)]
pub(super) struct PhonesCommand {
    /// Address and port of the trunk, for UDP and TCP
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5090")]
    listen: SocketAddr,
    /// Address and port of the trunk for TLS as well
    #[arg(long, value_name = "ADDRESS:PORT", requires_all = ["tls_certificates", "tls_key"])]
    tls_listen: Option<SocketAddr>,
    /// PEM file with the certificate for it and what leads to its root
    #[arg(long, value_name = "FILE", requires = "tls_listen")]
    tls_certificates: Option<PathBuf>,
    /// PEM file with its private key
    #[arg(long, value_name = "FILE", requires = "tls_listen")]
    tls_key: Option<PathBuf>,
    /// Decides everything that is drawn
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Ring and talk times pass so many times faster
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    speed: f64,
    /// Numbers that end in 9 and two more digits are like all others
    #[arg(long)]
    no_table: bool,
    /// TOML file with shares and times (table mix) and what certain numbers do (tables such as numbers.4930123)
    #[arg(long, value_name = "FILE")]
    behaviour: Option<PathBuf>,
    /// Callers have to prove that they have this name; nobody has to if absent
    #[arg(long, value_name = "NAME", requires = "password")]
    username: Option<String>,
    /// With this password
    #[arg(long, value_name = "PASSWORD", requires = "username")]
    password: Option<String>,
    /// Which hashes are offered for it
    #[arg(long, value_name = "HASH", value_enum, default_value_t = Hashes::Both)]
    hashes: Hashes,
    /// Ask for it with 401 instead of 407
    #[arg(long)]
    ask_as_server: bool,
    /// Calls in any second that are taken; more get 503
    #[arg(long, value_name = "CALLS")]
    max_cps: Option<u32>,
    /// Calls at a time that are taken; more get 503
    #[arg(long, value_name = "CALLS")]
    max_channels: Option<u32>,
    /// File for what each call was like, one JSON object a line
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// End after so long instead of at a signal
    #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    for_s: Option<u64>,
    /// Time between lines about what happened; 0 for none
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    report_s: u64,
    #[command(flatten)]
    agents: Desks,
}

/// Phones on agents' desks.
#[derive(Debug, Args)]
struct Desks {
    /// So many agents' phones register and take calls as well
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=5_000))]
    agents: u64,
    /// Where they register, by UDP
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5060")]
    registrar: SocketAddr,
    /// The host in their addresses; the registrar's address if absent
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
    /// Whose agents they are: stands for {client} in the patterns
    #[arg(long, value_name = "NAME", default_value = "1")]
    client: String,
    /// The first agent's number; it stands for {uid} in the patterns
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    first_uid: u64,
    /// Names of the phones
    #[arg(long, value_name = "PATTERN", default_value = "{client}-{uid}")]
    agent_username: String,
    /// Passwords of the phones
    #[arg(long, value_name = "PATTERN", default_value = "{client}-{uid}", hide_default_value = true)]
    agent_password: String,
    /// Share of conversations that the agent ends with the star key, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    star_share: f64,
    /// Mean time until then
    #[arg(long, value_name = "SECONDS", default_value_t = 90.0)]
    agent_talk_s: f64,
    /// So many of the phones answer after 4 s
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    slow_agents: usize,
    /// So many more of them refuse every call
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    rejecting_agents: usize,
    /// So many more of them vanish 20 s after their answer, without a word
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    vanishing_agents: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hashes {
    /// MD5
    Md5,
    /// SHA-256
    Sha256,
    /// Both, SHA-256 first
    Both,
}

/// The file of `--behaviour`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Behaviour {
    mix: Mix,
    numbers: BTreeMap<String, Plan>,
}

impl Behaviour {
    fn read(path: &Path) -> Outcome<Self> {
        let doing = || format!("use the behaviour {}", path.display());
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::new(doing(), with_causes(&error)))?;
        toml::from_str(&text).map_err(|error| Failure::new(doing(), with_causes(&error)))
    }
}

impl PhonesCommand {
    /// Is a trunk and agents' phones until a signal, or the end of the time, asks to stop.
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let mut signals = StopSignals::listen()?;
        let settings = self.settings()?;
        let phones = Phones::start(settings)
            .await
            .map_err(|error| Failure::new("simulate telephones", with_causes(&error)))?;
        self.greet(&phones);

        let end = async {
            match self.for_s {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(end);
        let mut report = tokio::time::interval(Duration::from_secs(self.report_s.max(1)));
        let mut reported = phones.counters();
        let why = loop {
            tokio::select! {
                signal = signals.next() => break format!("stopped by {signal}"),
                () = &mut end => break "the time is over".to_owned(),
                _ = report.tick(), if self.report_s > 0 => {
                    let now = phones.counters();
                    if now != reported {
                        print(&line(&now));
                        reported = now;
                    }
                }
            }
        };
        let counters = phones.counters();
        let calls = phones.stop().await;
        let counters = serde_json::to_string(&counters).map_err(|error| Failure::new("count", error))?;
        print(&format!("{why}\n{}{counters}\n", summary(&calls)));
        Ok(ExitCode::SUCCESS)
    }

    fn settings(&self) -> Outcome<PhonesSettings> {
        let behaviour = self.behaviour.as_deref().map(Behaviour::read).transpose()?.unwrap_or_default();
        let challenge =
            self.username.clone().zip(self.password.clone()).map(|(username, password)| Challenge {
                username,
                password,
                realm: "phones".into(),
                algorithms: match self.hashes {
                    Hashes::Md5 => vec![Algorithm::Md5],
                    Hashes::Sha256 => vec![Algorithm::Sha256],
                    Hashes::Both => vec![Algorithm::Sha256, Algorithm::Md5],
                },
                as_proxy: !self.ask_as_server,
            });
        Ok(PhonesSettings {
            listen: self.listen,
            tls: self.tls(),
            started_at_ms: u64::try_from(SystemClock.now().0).unwrap_or_default(),
            seed: self.seed,
            speed: self.speed,
            table: !self.no_table,
            plans: behaviour.numbers,
            mix: behaviour.mix,
            challenge,
            cps_max: self.max_cps,
            channels_max: self.max_channels,
            log: self.log.clone(),
            agents: (self.agents.agents > 0).then(|| self.agents.settings(self.listen)),
            ..PhonesSettings::default()
        })
    }

    fn tls(&self) -> Option<TlsSettings> {
        Some(TlsSettings {
            listen: self.tls_listen?,
            certificates: self.tls_certificates.clone()?,
            key: self.tls_key.clone()?,
        })
    }

    fn greet(&self, phones: &Phones) {
        let who = match &self.username {
            Some(name) => format!("{name:?} may call"),
            None => "everybody may call".to_owned(),
        };
        let mut text = format!("the trunk listens on {} by UDP and TCP; {who}\n", phones.addr());
        if let Some(address) = phones.tls_addr() {
            let _ = writeln!(text, "by TLS it listens on {address}");
        }
        if self.agents.agents > 0 {
            let _ = writeln!(
                text,
                "{} agents' phones on {} register with {}",
                self.agents.agents,
                phones.agents_addr(),
                self.agents.registrar
            );
        }
        text.push_str("stop it with Ctrl-C or SIGTERM\n");
        print(&text);
    }
}

impl Desks {
    fn settings(&self, listen: SocketAddr) -> AgentsSettings {
        let uids = self.first_uid..self.first_uid.saturating_add(self.agents);
        let mut settings = AgentsSettings::of_client(
            self.registrar,
            &self.client,
            uids,
            &self.agent_username,
            &self.agent_password,
        );
        settings.listen = SocketAddr::new(listen.ip(), 0);
        settings.domain.clone_from(&self.domain);
        let slow = self.slow_agents;
        let rejecting = slow.saturating_add(self.rejecting_agents);
        let vanishing = rejecting.saturating_add(self.vanishing_agents);
        for (at, phone) in settings.phones.iter_mut().enumerate() {
            phone.habits = AgentHabits {
                star_share: self.star_share,
                talk_mean_s: self.agent_talk_s,
                answer_after_ms: if at < slow { 4_000 } else { 0 },
                reject: (slow..rejecting).contains(&at).then_some(480),
                vanish_after_ms: (rejecting..vanishing).contains(&at).then_some(20_000),
                ..AgentHabits::default()
            };
        }
        settings
    }
}

/// One line about how it goes.
fn line(now: &Counters) -> String {
    format!(
        "calls {}, open {} (most {}), up {}, answered {}, rejected {}, cancelled {}, over the limits {}, keys heard {}, \
         phones registered {}\n",
        now.calls,
        now.open,
        now.open_max,
        now.up,
        now.answered,
        now.rejected,
        now.cancelled,
        now.refused_rate + now.refused_channels,
        now.keys_heard,
        now.registered
    )
}

/// What the calls were like, by what the phones did, and what a judge would ask.
fn summary(calls: &[CallRecord]) -> String {
    let mut rows: BTreeMap<(&str, &str), Vec<&CallRecord>> = BTreeMap::new();
    for call in calls {
        let side = if call.side == Side::Agent { "agent" } else { "callee" };
        rows.entry((side, &*call.behaviour)).or_default().push(call);
    }
    let mut text = format!(
        "{:<7} {:<24} {:>7} {:>9} {:>10} {:>8} {:>8} {:>8}\n",
        "phone", "behaviour", "calls", "answered", "cancelled", "ring s", "talk s", "wait s"
    );
    for ((side, behaviour), calls) in rows {
        let answered = calls.iter().filter(|call| call.answered_ms.is_some()).count();
        let cancelled = calls.iter().filter(|call| call.cancelled_ms.is_some()).count();
        let _ = writeln!(
            text,
            "{side:<7} {behaviour:<24} {:>7} {answered:>9} {cancelled:>10} {:>8} {:>8} {:>8}",
            calls.len(),
            mean_s(calls.iter().filter_map(|call| call.rang_ms())),
            mean_s(calls.iter().filter_map(|call| call.up_ms())),
            mean_s(calls.iter().filter_map(|call| call.waited_ms())),
        );
    }
    let _ = writeln!(
        text,
        "most at a time {}, most in a second {}, numbers called more than once {}, twice at a time {}, cancelled \
         within 15 s of ringing {}",
        judge::most_at_a_time(calls),
        judge::most_within(calls, 1_000),
        judge::called_more_than(calls, 1).len(),
        judge::called_twice_at_a_time(calls).len(),
        judge::cancelled_before(calls, 15_000).len(),
    );
    text
}

/// Mean of milliseconds, in seconds with one decimal; a dash where there are none.
fn mean_s(times_ms: impl Iterator<Item = u64>) -> String {
    let (count, sum) = times_ms.fold((0u64, 0u64), |(count, sum), time| (count + 1, sum + time));
    if count == 0 { "-".to_owned() } else { format!("{:.1}", sum as f64 / count as f64 / 1_000.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        command: PhonesCommand,
    }

    fn settings(arguments: &str) -> PhonesSettings {
        Line::parse_from(arguments.split(' ')).command.settings().unwrap()
    }

    #[test]
    fn agents_are_named_by_their_patterns_and_the_first_misbehave() {
        let agents = settings(
            "phones --agents 4 --registrar 127.0.0.1:9 --client acme --first-uid 7 --agent-password pw{uid} \
             --slow-agents 1 --rejecting-agents 1 --vanishing-agents 1",
        )
        .agents
        .unwrap();
        let names: Vec<_> = agents.phones.iter().map(|phone| (&*phone.username, &*phone.password)).collect();
        assert_eq!(names, [("acme-7", "pw7"), ("acme-8", "pw8"), ("acme-9", "pw9"), ("acme-10", "pw10")]);
        let habits: Vec<_> = agents
            .phones
            .iter()
            .map(|phone| (phone.habits.answer_after_ms, phone.habits.reject, phone.habits.vanish_after_ms))
            .collect();
        assert_eq!(
            habits,
            [(4_000, None, None), (0, Some(480), None), (0, None, Some(20_000)), (0, None, None)]
        );
        assert!(settings("phones").agents.is_none());
    }

    #[test]
    fn a_name_needs_its_password() {
        assert!(Line::try_parse_from(["phones", "--username", "u"]).is_err());
        let challenge =
            settings("phones --username u --password p --hashes sha256 --ask-as-server").challenge;
        let challenge = challenge.unwrap();
        assert_eq!((&*challenge.algorithms, challenge.as_proxy), (&[Algorithm::Sha256][..], false));
    }

    #[test]
    fn the_file_of_behaviours_in_the_manual_can_be_read() {
        let manual = include_str!("../../../../../docs/simulated-phones.md");
        let (_, behind) = manual.split_once("```toml\n").unwrap();
        let (text, _) = behind.split_once("```").unwrap();
        let behaviour: Behaviour = toml::from_str(text).unwrap();
        assert_eq!(behaviour.mix.fault(), None);
        assert!(!behaviour.numbers.is_empty() && behaviour.mix != Mix::default());
    }

    #[test]
    fn an_empty_summary_divides_by_nothing() {
        assert!(summary(&[]).contains("most at a time 0"));
        assert_eq!((mean_s([].into_iter()), mean_s([1_000, 2_000].into_iter())), ("-".into(), "1.5".into()));
    }
}
