using System.Net;
using System.Net.Sockets;
using Sluice.Platforms.Gateway;

namespace Sluice.Platforms.Tests.Gateway;

/// <summary>The connections to one replica.</summary>
public sealed class UpstreamPoolTests
{
    [Fact]
    public async Task A_sweep_in_the_middle_of_a_connection_s_beginning_does_not_take_it_for_one_that_stands_still()
    {
        using var replica = new TcpListener(IPAddress.Loopback, 0);
        replica.Start();
        var time = new InterruptedTime();
        var pool = new UpstreamPool((IPEndPoint)replica.LocalEndpoint, new DataPlaneOptions { TimeProvider = time });
        time.Interrupt = pool.Sweep;

        var connection = await pool.ConnectAsync();

        Assert.True(time.Interruptions > 0);
        Assert.Equal(AbortReason.None, connection.Aborted);
        pool.Close(connection);
    }

    /// <summary>Does something else whenever somebody looks at it, as a scheduler may.</summary>
    private sealed class InterruptedTime : TimeProvider
    {
        private bool _interrupting;

        public Action? Interrupt { get; set; }

        public int Interruptions { get; private set; }

        public override long GetTimestamp()
        {
            if (Interrupt is not null && !_interrupting)
            {
                _interrupting = true;
                Interruptions++;
                Interrupt();
                _interrupting = false;
            }

            // Long after the machine's start.
            return base.GetTimestamp() + (TimestampFrequency * 86_400);
        }
    }
}
