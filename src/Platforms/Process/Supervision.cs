using Microsoft.Extensions.Logging;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.Platforms.Process;

/// <summary>What all revisions of a gateway share.</summary>
/// <param name="Files">Where they are kept.</param>
/// <param name="Journal">Where effects are told.</param>
/// <param name="Probe">Asks for health.</param>
/// <param name="Secrets">Where values come from after a restart of the gateway.</param>
/// <param name="Options">How they are watched.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">Where people read.</param>
internal sealed record Supervision(
    RevisionFiles Files,
    EffectsJournal Journal,
    HealthProbe Probe,
    ISecretStore Secrets,
    SupervisorOptions Options,
    TimeProvider Time,
    ILogger Logger);
