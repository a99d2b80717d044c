# Pester 5, for Windows PowerShell 5.1 and PowerShell 7: Invoke-Pester. SENDIM_MODULE is the unpacked module's SendIm.psd1.

BeforeAll {
    Import-Module $env:SENDIM_MODULE -Force
    $sandbox = Start-ImSandbox
    $who = [pscredential]::new('tosh@contoso.com', (ConvertTo-SecureString 'x' -AsPlainText -Force))
    $there = @{ Server = $sandbox.Url; Credential = $who }
}

AfterAll {
    Stop-ImSandbox $sandbox
    Remove-Module SendIm
}

Describe 'Send-Im' {
    It 'gives a receipt' {
        $receipt = Send-Im -To lenea@contoso.com -Message 'hello world' @there
        $receipt.AcceptedBy | Should -Be 'lenea@contoso.com'
        $sandbox.Inbox('lenea@contoso.com')[-1].Text | Should -Be 'hello world'
    }

    It 'takes texts from the pipeline, in one session' {
        $before = @($sandbox.Messages()).Count
        'one', 'two' | Send-Im -To pipe@contoso.com @there | Should -HaveCount 2
        @($sandbox.Inbox('pipe@contoso.com')).Text | Should -Be @('one', 'two')
        @($sandbox.Messages()).Count | Should -Be ($before + 2)
    }

    It 'takes objects from the pipeline' {
        $rows = "To,Message,Importance`nlenea@contoso.com,from a table,Urgent" | ConvertFrom-Csv
        $rows | Send-Im @there | Should -HaveCount 1
        $sandbox.Inbox('lenea@contoso.com')[-1].Importance | Should -Be 'Urgent'
    }

    It 'writes an error record by kind and goes on' {
        $sent = 'busy@contoso.com', 'lenea@contoso.com' | ForEach-Object { [pscustomobject] @{ To = $_; Message = 'hi' } } |
            Send-Im @there -ErrorVariable failed -ErrorAction SilentlyContinue
        $sent | Should -HaveCount 1
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'SendIm.Busy,Send-Im'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceBusy'
        $failed[0].TargetObject | Should -Be 'busy@contoso.com'
        $failed[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        $failed[0].Exception.Sent | Should -Be 'No'
    }

    It 'throws with -ErrorAction Stop' {
        { Send-Im -To declines@contoso.com -Message 'hi' @there -ErrorAction Stop } | Should -Throw -ErrorId 'SendIm.Declined,Send-Im'
    }

    It 'asks for the address where the user name is none' {
        $domain = [pscredential]::new('CONTOSO\tosh', $who.Password)
        $message = @{ To = 'lenea@contoso.com'; Message = 'hi'; Server = $sandbox.Url; Credential = $domain }
        { Send-Im @message } | Should -Throw -ErrorId 'SendIm.InvalidInput,Send-Im'
        Send-Im @message -From tosh@contoso.com | Should -HaveCount 1
    }

    It 'sends nothing with -WhatIf' {
        $before = @($sandbox.Messages()).Count
        Send-Im -To lenea@contoso.com -Message 'hi' @there -WhatIf | Should -BeNullOrEmpty
        @($sandbox.Messages()).Count | Should -Be $before
    }

    It 'signs out when nobody wants more' {
        'one', 'two' | Send-Im -To lenea@contoso.com @there | Select-Object -First 1 | Should -HaveCount 1
        ($sandbox.Request('GET', 'state', $null) | ConvertFrom-Json).open_applications | Should -Be 0
    }
}

Describe 'Test-ImConnection' {
    It 'signs in and out' {
        (Test-ImConnection @there).Address | Should -Be 'tosh@contoso.com'
        Test-ImConnection @there -Quiet | Should -BeTrue
        ($sandbox.Request('GET', 'state', $null) | ConvertFrom-Json).open_applications | Should -Be 0
    }

    It 'says why not' {
        $wrong = [pscredential]::new('lenea@contoso.com', (ConvertTo-SecureString 'wrong' -AsPlainText -Force))
        $server = @{ Server = $sandbox.Url; Credential = $wrong }
        Test-ImConnection @server -Quiet | Should -BeFalse
        { Test-ImConnection @server -ErrorAction Stop } | Should -Throw -ErrorId 'SendIm.SignInRefused,Test-ImConnection'
    }
}

Describe 'The module' {
    It 'has help' -ForEach 'Send-Im', 'Test-ImConnection', 'Start-ImSandbox', 'Stop-ImSandbox' {
        (Get-Help $_).Synopsis | Should -Not -Match '^\s*\S+-Im'
        (Get-Help $_).Examples | Should -Not -BeNullOrEmpty
    }

    It 'has approved verbs' {
        $verbs = (Get-Verb).Verb
        (Get-Command -Module SendIm).Verb | ForEach-Object { $verbs | Should -Contain $_ }
    }
}
