# What PowerShell alone can do: parameters, the pipeline, error records, Ctrl-C. The rest is in SendIm.PowerShell.dll.

Set-StrictMode -Version Latest

# How often, in milliseconds, a wait looks whether Ctrl-C was pressed.
$script:Tick = 100

function New-ImSender([string] $From, [pscredential] $Credential, [string] $Server, [string] $CaFile, [timespan] $Timeout) {
    $name = $null
    $password = $null
    if ($null -ne $Credential) {
        $name = $Credential.UserName
        $password = $Credential.GetNetworkCredential().Password
    }
    if ($CaFile) {
        # .NET has a current folder of its own.
        $CaFile = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($CaFile)
    }
    [SendIm.PowerShell.Sender]::new($From, $name, $password, $Server, $CaFile, $Timeout)
}

function New-ImErrorRecord([SendIm.PowerShell.Failure] $Failure, [object] $Target) {
    $category = [System.Management.Automation.ErrorCategory] $Failure.Category
    $record = [System.Management.Automation.ErrorRecord]::new($Failure.Exception, $Failure.ErrorId, $category, $Target)
    $record.ErrorDetails = [System.Management.Automation.ErrorDetails]::new($Failure.Exception.Message)
    $record.ErrorDetails.RecommendedAction = $Failure.RecommendedAction
    $record
}

function Send-Im {
    <#
    .SYNOPSIS
    Delivers an instant message to a Skype for Business or Lync user.

    .DESCRIPTION
    Signs in, sends, waits until the recipient's side has accepted, and gives a receipt. All messages of one pipeline share one
    session. A message that fails is an error record, and the others are sent all the same: its FullyQualifiedErrorId begins with
    SendIm. and the kind, its exception has the property Sent, No or Maybe, which says whether the message can have arrived.

    Without -Credential the stored account sends: that of SEND_IM_ADDRESS and SEND_IM_PASSWORD, or of the file
    %APPDATA%\send-im\config.toml.

    .PARAMETER To
    The recipient's address, user@domain. Objects of the pipeline bring it as the property To or Recipient.

    .PARAMETER Message
    The text. Each string of the pipeline is a message; use Out-String to send many lines as one. Objects bring it as the
    property Message or Text. Line breaks at its end are taken off.

    .PARAMETER Credential
    Who signs in. Where the user name is no address, such as CONTOSO\smith, give the address with -From.

    .PARAMETER From
    The sender's address, where it is not the user name of -Credential.

    .PARAMETER Subject
    The conversation's subject, at most 250 characters.

    .PARAMETER Importance
    How urgent the message is shown: Normal, Urgent or Emergency.

    .PARAMETER Html
    The text is html. A recipient whose side takes none gets plain text; Format of the receipt tells.

    .PARAMETER Timeout
    How many seconds the message has to be delivered, and signing in before that. An invitation rings until then.

    .PARAMETER Server
    The URL of the discovery root, where the sender's domain is not to be asked; Url of a sandbox.

    .PARAMETER CaFile
    A file, PEM or DER, with certificate authorities to trust besides those of Windows.

    .INPUTS
    Strings, or objects with the properties To and Message.

    .OUTPUTS
    SendIm.Receipt

    .EXAMPLE
    Send-Im -To lenea@contoso.com -Message 'db7: disk full' -Importance Urgent

    .EXAMPLE
    Get-Volume | Out-String | Send-Im -To lenea@contoso.com -Subject 'db7'

    .EXAMPLE
    Import-Csv .\messages.csv | Send-Im -Credential (Get-Credential)

    .EXAMPLE
    try { Send-Im -To busy@contoso.com -Message 'hello' -ErrorAction Stop }
    catch { if ($_.FullyQualifiedErrorId -like 'SendIm.Busy*') { 'later' } else { throw } }
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType('SendIm.Receipt')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)]
        [Alias('Recipient')]
        [string] $To,

        [Parameter(Mandatory = $true, Position = 1, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [Alias('Text')]
        [AllowEmptyString()]
        [string] $Message,

        [pscredential] [System.Management.Automation.Credential()] $Credential,

        [string] $From,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [string] $Subject,

        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [SendIm.Importance] $Importance = 'Normal',

        [switch] $Html,

        [ValidateRange(1, 86400)]
        [int] $Timeout = 60,

        [string] $Server,

        [string] $CaFile
    )
    begin {
        $limit = [timespan]::FromSeconds($Timeout)
        $sender = $null
    }
    process {
        $completed = $false
        try {
            if ($PSCmdlet.ShouldProcess($To, 'Send instant message')) {
                if ($null -eq $sender) {
                    $sender = New-ImSender -From $From -Credential $Credential -Server $Server -CaFile $CaFile -Timeout $limit
                }
                $text = [SendIm.PowerShell.Message]::Of($To, $Message, $Subject, $Importance, $Html.IsPresent, $limit)
                $pending = $sender.Send($text)
                while (-not $pending.Wait($script:Tick)) { }
                if ($null -ne $pending.Failure) {
                    $PSCmdlet.WriteError((New-ImErrorRecord -Failure $pending.Failure -Target $To))
                }
                else {
                    $pending.Result
                }
            }
            $completed = $true
        }
        catch [System.Management.Automation.MethodInvocationException] {
            $failure = [SendIm.PowerShell.Failure]::Of($_.Exception)
            $PSCmdlet.ThrowTerminatingError((New-ImErrorRecord -Failure $failure -Target $To))
        }
        finally {
            # Ctrl-C, an error that ends the pipeline, or nobody who wants more: then end is not run.
            if (-not $completed -and $null -ne $sender) {
                $sender.Dispose()
            }
        }
    }
    end {
        if ($null -ne $sender) {
            $sender.Dispose()
        }
    }
}

function Test-ImConnection {
    <#
    .SYNOPSIS
    Signs in and out, and says how that went. Nothing is sent.

    .PARAMETER Credential
    Who signs in; without it the stored account does. Where the user name is no address, give the address with -From.

    .PARAMETER From
    The sender's address, where it is not the user name of -Credential.

    .PARAMETER Server
    The URL of the discovery root, where the sender's domain is not to be asked; Url of a sandbox.

    .PARAMETER CaFile
    A file, PEM or DER, with certificate authorities to trust besides those of Windows.

    .PARAMETER Timeout
    How many seconds signing in may take.

    .PARAMETER Quiet
    Give True or False, and no error record.

    .OUTPUTS
    SendIm.PowerShell.Connection, with Address, Pool, Elapsed and Steps; with -Quiet a Boolean

    .EXAMPLE
    Test-ImConnection | Select-Object -ExpandProperty Steps

    .EXAMPLE
    if (-not (Test-ImConnection -Quiet)) { Write-Warning 'Nobody can be told.' }
    #>
    [CmdletBinding()]
    [OutputType('SendIm.PowerShell.Connection', [bool])]
    param(
        [pscredential] [System.Management.Automation.Credential()] $Credential,

        [string] $From,

        [string] $Server,

        [string] $CaFile,

        [ValidateRange(1, 86400)]
        [int] $Timeout = 60,

        [switch] $Quiet
    )
    $sender = $null
    $failure = $null
    try {
        $limit = [timespan]::FromSeconds($Timeout)
        $sender = New-ImSender -From $From -Credential $Credential -Server $Server -CaFile $CaFile -Timeout $limit
        $pending = $sender.Connect()
        while (-not $pending.Wait($script:Tick)) { }
        $failure = $pending.Failure
        if ($null -eq $failure) {
            if ($Quiet) { $true } else { $pending.Result }
        }
    }
    catch [System.Management.Automation.MethodInvocationException] {
        $failure = [SendIm.PowerShell.Failure]::Of($_.Exception)
    }
    finally {
        if ($null -ne $sender) {
            $sender.Dispose()
        }
    }
    if ($null -ne $failure) {
        if ($Quiet) { $false } else { $PSCmdlet.WriteError((New-ImErrorRecord -Failure $failure -Target $Server)) }
    }
}

function Start-ImSandbox {
    <#
    .SYNOPSIS
    Starts a server that answers as a Skype for Business pool does, in this process.

    .DESCRIPTION
    Any account signs in with any password but the word wrong. Recipients behave by the name before the @: busy, declines, silent,
    slow, offline, unknown, forwards, drops, echo; anyone else accepts. Stop it with Stop-ImSandbox.

    .PARAMETER Https
    Speak https, with a certificate authority made at the start; the property CaFile names its file, for -CaFile.

    .PARAMETER Port
    The port of 127.0.0.1 to listen at; 0, a free one.

    .OUTPUTS
    SendIm.Sandbox, with Url, CaFile, Inbox(address) and Messages()

    .EXAMPLE
    $sandbox = Start-ImSandbox
    $who = New-Object pscredential 'tosh@contoso.com', (ConvertTo-SecureString x -AsPlainText -Force)
    Send-Im -To lenea@contoso.com -Message 'hello world' -Server $sandbox.Url -Credential $who
    $sandbox.Inbox('lenea@contoso.com')
    Stop-ImSandbox $sandbox
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType('SendIm.Sandbox')]
    param(
        [switch] $Https,

        [ValidateRange(0, 65535)]
        [int] $Port = 0
    )
    if (-not $PSCmdlet.ShouldProcess("127.0.0.1:$Port", 'Start sandbox server')) {
        return
    }
    $options = [SendIm.SandboxOptions]::new()
    $options.Https = $Https.IsPresent
    $options.Listen = "127.0.0.1:$Port"
    try {
        [SendIm.Sandbox]::Start($options)
    }
    catch [System.Management.Automation.MethodInvocationException] {
        $failure = [SendIm.PowerShell.Failure]::Of($_.Exception)
        $PSCmdlet.ThrowTerminatingError((New-ImErrorRecord -Failure $failure -Target $options.Listen))
    }
}

function Stop-ImSandbox {
    <#
    .SYNOPSIS
    Stops a sandbox. What it had delivered is gone.

    .PARAMETER Sandbox
    What Start-ImSandbox gave.

    .EXAMPLE
    Stop-ImSandbox $sandbox
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true)]
        [SendIm.Sandbox] $Sandbox
    )
    process {
        if ($PSCmdlet.ShouldProcess($Sandbox.Url, 'Stop sandbox server')) {
            $Sandbox.Dispose()
        }
    }
}

Export-ModuleMember -Function 'Send-Im', 'Test-ImConnection', 'Start-ImSandbox', 'Stop-ImSandbox'
